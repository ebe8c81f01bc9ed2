// What strangers may send: each text tries to be more than text.

export const markup = `<img src=x onerror="window.hurt=1"><script>window.hurt=2</script><svg onload=window.hurt=3>"'&amp;{{7*7}}\${7*7}`;
export const controls = "bell\u0007 escape\u001b[31m null\u0000 line\u2028separator";
export const bidirectional = "invoice\u202Efdp.exe \u2066isolated\u2069 \u200Fright\u200E zero\u200Bwidth";
export const longWord = "W".repeat(10_000);

const texts = { markup, controls, bidirectional, longWord, address: "javascript:alert(1)", link: "https://example.com/?q=<b>" };

/** Payloads as the bytes that are sent: most of them JSON.parse would spoil. */
export const payloads = {
  texts: JSON.stringify(texts),
  numbers: `{"huge":12345678901234567890,"price":1.10,"tiny":1e-400,"large":1e400,"negative_zero":-0}`,
  doubled: `{"name":"first","name":"second","name":{"name":"third"}}`,
  members: JSON.stringify({ "": "empty name", __proto__x: 1, constructor: null, [markup]: markup, [longWord.slice(0, 600)]: 1 }).replace("__proto__x", "__proto__"),
  deep: "[".repeat(60) + "null" + "]".repeat(60),
  secrets: `{"password":"hunter2","api_key":"k-123","nested":{"Authorization":"Bearer abc"}}`,
  empty_object: "{}",
  empty_text: `""`,
  null: "null",
  zero: "0",
  wide: JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`member ${n}`, n]))),
};
