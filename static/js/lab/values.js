// The values of an axis as one types them: commas between, and quotes around one that holds a comma.

export function readValues(text) {
  const parts = text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]+))\s*(?:,|$)/g);
  return [...parts].map(([, quoted, plain]) => (quoted?.replaceAll('""', '"') ?? plain).trim()).filter(Boolean);
}

export function writeValues(values) {
  return values.map((value) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(", ");
}
