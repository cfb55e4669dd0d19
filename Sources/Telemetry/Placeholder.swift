// Telemetry arrives here.
