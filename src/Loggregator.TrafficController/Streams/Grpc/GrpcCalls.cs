using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Loggregator.TrafficController.Streams.Grpc;

/// <summary>The calls that clients have open on the gRPC port: so many at a time, and none while the role stops.</summary>
internal sealed class GrpcCalls(OpenStreams streams, TrafficControllerCounters counters, IOptions<TrafficControllerOptions> options)
{
    private int _open;

    /// <summary>Counts a call until it is disposed; one too many is refused with the original's text.</summary>
    public IDisposable Enter()
    {
        if (streams.Draining)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The Traffic Controller is stopping"));
        }

        var most = options.Value.MaxEgressStreams;
        if (Interlocked.Increment(ref _open) > most)
        {
            Interlocked.Decrement(ref _open);
            Interlocked.Increment(ref counters.RejectedStreams);
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted,
                string.Create(CultureInfo.InvariantCulture, $"unable to create stream, max egress streams reached: {most}")));
        }

        return new Call(this);
    }

    private sealed class Call(GrpcCalls calls) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref calls._open);
    }
}
