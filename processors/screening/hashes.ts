// The hashes that problems are compared by: fast, the same on every machine, not for secrets.

/** Spreads 32 bits over 32 bits without loss (finaliser of MurmurHash3, Appleby); unsigned. */
export function mixed(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** FNV-1a over UTF-16 units, then spread; unsigned 32 bits. */
export function hash(text: string): number {
  let bits = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193)
  return mixed(bits)
}
