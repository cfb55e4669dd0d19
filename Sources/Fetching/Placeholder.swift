// Fetching arrives here.
