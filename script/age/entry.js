// What a single-file pack needs of age: opening, and the hash that binds its parts. typage and noble, nothing of ours.
export { Decrypter } from "age-encryption";
export { sha256 } from "@noble/hashes/sha2.js";
