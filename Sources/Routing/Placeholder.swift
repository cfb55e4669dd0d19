// Routing arrives here.
