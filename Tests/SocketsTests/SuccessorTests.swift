import Glibc
import Sockets
import Testing
import Time

@Suite struct SuccessorTests {
    private func start(_ script: String, _ bequests: [Bequest] = []) throws -> Successor {
        try Successor.start(
            "/bin/sh", arguments: ["sh", "-c", script],
            environment: ["PATH": "/usr/bin:/bin", "LISTEN_FDS": "1", "LISTEN_PID": "1"], bequests: bequests)
    }

    @Test("The next process has the listeners as its first descriptors, the pipe behind them, and nothing else")
    func descriptors() throws {
        let address = ListenAddress.tcp(host: "127.0.0.1", port: 0)
        let listener = try ListeningSocket.open(address)[0]
        let bequest = try #require(listener.bequest(address))
        let successor = try start(
            """
            test -S /proc/self/fd/3 && test -p /proc/self/fd/4 && ! test -e /proc/self/fd/5 || exit 1
            test -n "$POSTERN_HANDOVER" && test -z "$LISTEN_FDS$LISTEN_PID" && printf R >&4
            """, [bequest])
        #expect(successor.wait(atMost: .seconds(20)) == .ready)
        var status: Int32 = 0
        #expect(waitpid(successor.pid, &status, 0) == successor.pid && status == 0)
        listener.close()
        #expect(listener.bequest(address) == nil)
    }

    @Test("No signal is blocked or ignored in it")
    func signals() throws {
        signal(SIGPIPE, SIG_IGN)
        // Seven digits are the signals up to 28; the C library keeps two of its own ignored while it starts a program.
        let successor = try start(
            """
            grep -q 'SigBlk:\t0*$' /proc/self/status && grep -q 'SigIgn:\t.*0000000$' /proc/self/status && printf R >&3
            """)
        #expect(successor.wait(atMost: .seconds(20)) == .ready)
        var status: Int32 = 0
        waitpid(successor.pid, &status, 0)
    }

    @Test("One that ends, and one that never says that it is ready, is told, ended and buried")
    func failures() throws {
        #expect(try start("exit 7").wait(atMost: .seconds(20)) == .failed("it ended with code 7"))
        #expect(try start("kill -9 $$").wait(atMost: .seconds(20)) == .failed("it was ended by signal 9"))
        let slow = try start("exec sleep 60")
        guard case .failed(let reason) = slow.wait(atMost: .milliseconds(200)) else {
            Issue.record("ready")
            return
        }
        #expect(reason.contains("not ready"))
        #expect(kill(slow.pid, 0) == -1 && errno == ESRCH)
        #expect(throws: SystemError(ENOENT)) {
            try Successor.start("/nonexistent", arguments: ["x"], environment: [:], bequests: [])
        }
    }

    @Test(
        "Words that are meant for another process, or are none, bring nothing",
        arguments: [
            "", "1", "1\nown 127.0.0.1:80", "1\nmanager", "x\nmanager", "18446744073709551616", "1\nown nowhere",
        ])
    func foreignWords(_ text: String) throws {
        let inheritance = try Inheritance(environment: ["POSTERN_HANDOVER": text])
        #expect(inheritance.listeners.isEmpty && inheritance.predecessor == nil)
    }
}
