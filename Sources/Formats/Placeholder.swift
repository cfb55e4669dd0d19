// Formats arrives here.
