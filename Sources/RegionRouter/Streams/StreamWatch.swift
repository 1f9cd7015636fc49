import NIOCore
import NIOHTTP2

/// Tells those who count the streams of a connection of each one's begin and end; on the connection's event loop.
struct StreamWatch: NIOHTTP2StreamDelegate {
    let manager: NIOHTTP2ServerConnectionManagementHandler.HTTP2StreamDelegate
    let session: NIOLoopBound<(RouterLoop, HTTP2Session)>

    func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
        manager.streamCreated(id, channel: channel)
        session.value.1.streamOpened()
    }

    func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
        manager.streamClosed(id, channel: channel)
        session.value.1.streamClosed()
    }
}
