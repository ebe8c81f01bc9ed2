// nginx with what docs/security.md shows for it, so that what stands there is tried.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const START_SECONDS = 20;
const guide = new URL("../../../docs/security.md", import.meta.url);

/** Where it is. Debian puts it where only root looks for programs. @returns {string | undefined} */
export function findNginx() {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, "nginx")).find((file) => {
    try {
      accessSync(file);
      return true;
    } catch {
      return false;
    }
  });
}

export class Nginx {
  /** @param {string} folder @param {import("node:child_process").ChildProcess} process @param {string} url */
  constructor(folder, process, url) {
    this.folder = folder;
    this.process = process;
    this.url = url;
  }

  /**
   * @param {string} target like `http://127.0.0.1:8080`
   * @param {{ host: string, isStripped: boolean }} options `isStripped`: it takes the prefix off
   */
  static async start(target, { host, isStripped }) {
    const folder = await mkdtemp(join(tmpdir(), "eventlease-nginx-"));
    const port = await freePort();
    const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
    const subject = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
    await promisify(execFile)("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", ...subject, "-keyout", key, "-out", certificate]);
    const server = inTheGuide()
      .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
      .replace("/etc/nginx/queue.crt", certificate)
      .replace("/etc/nginx/queue.key", key)
      .replace("proxy_pass http://127.0.0.1:8080/;", `proxy_pass ${target}${isStripped ? "/" : ""};`);
    const kept = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`).join("\n");
    // One process, of the user that runs the test.
    const whole = `daemon off; master_process off; pid ${join(folder, "pid")}; error_log ${join(folder, "error.log")};\nevents {}\nhttp {\naccess_log off;\n${kept}\n${server}}\n`;
    await writeFile(join(folder, "nginx.conf"), whole);
    const program = spawn(findNginx() ?? "nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")], { stdio: "ignore" });
    const nginx = new Nginx(folder, program, `https://${host}:${port}/eventlease`);
    await nginx.#listening(port);
    return nginx;
  }

  /** @param {number} port */
  async #listening(port) {
    const end = performance.now() + START_SECONDS * 1000;
    while (!(await isOpen(port))) {
      if (this.process.exitCode !== null || performance.now() > end) {
        const log = await readFile(join(this.folder, "error.log"), "utf8").catch(() => "it has no log");
        await this.close();
        throw new Error(`nginx did not start: ${log}`);
      }
      await pause(50);
    }
  }

  async close() {
    if (this.process.exitCode === null) {
      const exited = once(this.process, "exit");
      this.process.kill();
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

function inTheGuide() {
  const block = /```nginx\n([\s\S]*?)```/.exec(readFileSync(guide, "utf8"))?.[1];
  for (const part of ["listen 443 ssl", "/etc/nginx/queue.crt", "/etc/nginx/queue.key", "proxy_pass http://127.0.0.1:8080/;"]) {
    if (!block?.includes(part)) throw new Error(`docs/security.md does not show "${part}" for nginx`);
  }
  return block ?? "";
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** @param {number} port @returns {Promise<boolean>} */
function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (/** @type {boolean} */ is) => (socket.destroy(), resolve(is));
    socket.on("connect", () => end(true)).on("error", () => end(false));
  });
}
