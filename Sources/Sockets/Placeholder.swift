// Sockets arrives here.
