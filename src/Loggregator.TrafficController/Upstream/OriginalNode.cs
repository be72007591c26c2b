using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Microsoft.Extensions.Logging;

namespace Loggregator.TrafficController.Upstream;

/// <summary>One original Doppler: a channel and the streams over it. Guarded by the set's lock.</summary>
internal sealed class OriginalNode(string address, PeerConnector connector, long ringBytes, TrafficControllerCounters counters, TimeProvider time, ILogger log)
{
    private readonly GrpcChannel _channel = connector.Open(address, PeerConnector.DopplerName);
    private readonly Dictionary<string, OriginalLine> _shared = [];
    private readonly HashSet<OriginalLine> _lines = [];

    public OriginalMembership Join(EnvelopeStream stream)
    {
        var request = stream.Request;
        if (request.Sharded || !_shared.TryGetValue(request.Key, out var line))
        {
            line = new OriginalLine(address, _channel, request, counters, time, log);
            _lines.Add(line);
            if (!request.Sharded)
            {
                _shared.Add(request.Key, line);
            }

            line.Start();
        }

        var member = new OriginalMembership(stream, line, ringBytes);
        line.Add(member);
        return member;
    }

    public void Leave(OriginalMembership member)
    {
        var line = member.Line;
        if (_lines.Contains(line) && line.Remove(member))
        {
            _lines.Remove(line);
            if (!line.Request.Sharded)
            {
                _shared.Remove(line.Request.Key);
            }
        }
    }

    public async Task StopAsync()
    {
        foreach (var line in _lines)
        {
            await line.StopAsync();
        }

        _channel.Dispose();
    }
}
