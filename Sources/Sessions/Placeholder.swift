// Sessions arrives here.
