using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>The event that tells of a disconnected slow consumer; title and the first three lines are those of the original.</summary>
internal static class SlowConsumerEvent
{
    private const string Explanation =
        "A client of this Traffic Controller did not read for 5 seconds while there was more for it. It has been disconnected, because waiting for it"
        + " would have cost others. Consumers that cannot keep up should read faster, share the load by a common shard id, or filter.";

    /// <summary>The event for this client; taken before the request is over.</summary>
    public static SelfEvent Of(HttpContext context) => new(
        "Traffic Controller has disconnected slow consumer",
        $"""
        Remote Address: {Peer(context)}
        X-Forwarded-For: {string.Join(", ", context.Request.Headers["X-Forwarded-For"].ToArray())}
        Path: {context.Request.GetEncodedPathAndQuery()}

        {Explanation}
        """);

    /// <summary>The client's address as <c>ip:port</c>.</summary>
    public static string Peer(HttpContext context) =>
        new System.Net.IPEndPoint(context.Connection.RemoteIpAddress ?? System.Net.IPAddress.None, context.Connection.RemotePort).ToString();
}
