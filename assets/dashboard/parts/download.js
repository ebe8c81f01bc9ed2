/** Saves a text as a file on the reader's machine. */

/** @param {string} name of the file @param {string | Blob} content @param {string} [type] */
export function saveAs(name, content, type = "application/json") {
  const address = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
  const link = document.createElement("a");
  link.setAttribute("href", address);
  link.setAttribute("download", name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
