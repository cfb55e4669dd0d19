// Tests of Routing.
