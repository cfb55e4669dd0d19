// Cryptography arrives here.
