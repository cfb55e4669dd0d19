// Tests of Threads.
