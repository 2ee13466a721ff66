/** The sort keys under which Rollcall's table has userNames, e-mail addresses and externalIds. */

import { createHash } from "node:crypto";
import { domainToUnicode } from "node:url";

const SPACE_AROUND = /^[\t-\r\x1c-\x20\x85\u2028\u2029\p{Zs}]+|[\t-\r\x1c-\x20\x85\u2028\u2029\p{Zs}]+$/gu;
const DOTS_AND_SPACE_AT_THE_END = /[.\t-\r\x1c-\x20\x85\u2028\u2029]+$/u;
const SECOND_DOT = /(?<=[ij])\u0307+/gu;

/**
 * Letters, digits and marks (RFC 5892 section 2), and the dots in the middle of Catalan and Japanese words (appendix A),
 * with no hyphen around them (RFC 5891 section 4.2.3.1). Labels that mix directions of writing are not looked for.
 */
const LABEL = /^(?!-)(?:[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{Nd}\u3007-]|(?<=l)\xb7(?=l)|\u30fb)+(?<!-)$/u;
/** Letters and marks that RFC 5892 does not allow all the same (sections 2.6 and 2.9): `xn--` for them stays as it is. */
const NOT_ALLOWED = /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u;
const MAX_DOMAIN = 253;
const MAX_LABEL = 63;

const UNPLAIN = /[\0-\x1f\x7f\ud800-\udfff]/u;
const MAX_PLAIN_BYTES = 900;

/**
 * Return the form in which a userName or an e-mail address is unique: `" Ada@Example.COM"` -> `ada@example.com`.
 *
 * Unicode NFKC and lower case, without white space around. What follows the last `@` is a domain (IDNA 2008).
 */
export function uniqueForm(text: string): string {
  const form = lowered(text).replace(SPACE_AROUND, "");
  const at = form.lastIndexOf("@");
  if (at < 0) {
    return ofNames(form);
  }
  const domain = form.slice(at + 1).replaceAll("\u3002", ".").replace(DOTS_AND_SPACE_AT_THE_END, "");
  return `${ofNames(form.slice(0, at))}@${labels(domain)}`;
}

/** Return the sort key of a form: itself, or its start, NUL and SHA-256 where it does not fit. */
export function sortKey(form: string): string {
  const plain = plainPart(form);
  return plain === form && form !== "" ? form : hashed(plain, form);
}

/** Return what the sort keys of all users with that externalId start with. */
export function externalIdPrefix(externalId: string): string {
  const plain = before(plainPart(externalId), "#");
  return `${plain === externalId && plain !== "" ? plain : hashed(plain, externalId)}#`;
}

/** Return the start of a text that fits a sort key: 900 bytes at most, no control characters. */
function plainPart(text: string): string {
  const bytes = Buffer.from(before(text, UNPLAIN));
  let end = Math.min(bytes.length, MAX_PLAIN_BYTES);
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1; // not within a character
  }
  return bytes.toString("utf8", 0, end);
}

function before(text: string, separator: string | RegExp): string {
  return text.split(separator, 1)[0] ?? "";
}

function hashed(plain: string, text: string): string {
  return `${plain}\0${createHash("sha256").update(text).digest("hex")}`;
}

/** Return NFKC in lower case, each letter without regard to its neighbours. */
function lowered(text: string): string {
  const composed = text.normalize("NFKC").replaceAll("Σ", "σ").replaceAll("\u1680", " ");
  return composed.toLowerCase().normalize("NFKC");
}

/** Make one letter of what is one in names, though not in domains: the two small sigmas; i and j with a second dot. */
function ofNames(form: string): string {
  return form.replaceAll("ς", "σ").replace(SECOND_DOT, "").normalize("NFC");
}

function labels(domain: string): string {
  return domain.length > MAX_DOMAIN ? domain : domain.split(".").map(unicodeLabel).join(".");
}

/** Return the text that a label `xn--...` stands for; any other label unchanged, also one that IDNA does not allow. */
function unicodeLabel(label: string): string {
  if (!label.startsWith("xn--") || label.length > MAX_LABEL) {
    return label;
  }
  const text = domainToUnicode(label);
  return LABEL.test(text) && !NOT_ALLOWED.test(text) && !/^[\x00-\x7f]*$/.test(text) ? lowered(text) : label;
}
