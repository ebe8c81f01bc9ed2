// Hands the document to the viewer. The document names its server relative to itself, which the viewer would show as it
// stands, with its dots.
"use strict";

async function show() {
  const place = document.getElementById("document");
  const address = new URL("api/v1/openapi.json", document.baseURI);
  try {
    const reply = await fetch(address);
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    const openapi = await reply.json();
    for (const server of openapi.servers) {
      server.url = new URL(server.url, address).href.replace(/\/$/, "");
    }
    Redoc.init(openapi, { hideDownloadButton: true, disableSearch: true }, place);
  } catch (error) {
    place.textContent = `The document at ${address} cannot be shown: ${error.message}`;
  }
}

show();
