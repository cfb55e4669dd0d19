// JOSE arrives here.
