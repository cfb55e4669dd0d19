import Sockets

/// What a service says behind the head of a response that has no end of its own: events as they happen, or a WebSocket.
package protocol ServiceConversation: Sendable {
    /// Speaks until it is over; cancelled when the client leaves, and when it takes nothing more.
    func run(_ line: ServiceLine) async
}

/// A running response, from a conversation's side.
package struct ServiceLine: Sendable {
    /// Bytes of the client's end of a WebSocket; they end when it does.
    ///
    /// Nothing more is read from the client before ``takeMore()``.
    package let incoming: AsyncStream<[UInt8]>
    private let key: SlotKey
    private let mailbox: Mailbox<ServiceMessage>

    init(_ key: SlotKey, _ mailbox: Mailbox<ServiceMessage>, _ incoming: AsyncStream<[UInt8]>) {
        self.key = key
        self.mailbox = mailbox
        self.incoming = incoming
    }

    /// Sends a piece; a client that does not keep up is given up.
    package func send(_ bytes: [UInt8]) { mailbox.post(.piece(key, bytes)) }

    /// Has the next bytes read.
    package func takeMore() { mailbox.post(.more(key)) }
}
