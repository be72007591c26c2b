using System.Net;
using Loggregator.Load.Accounting;
using Loggregator.Load.Receiving;
using Loggregator.Load.Wire;

namespace Loggregator.Load;

/// <summary>Makes the readers that the options ask for, grouped by what they share.</summary>
internal static class ReaderGroups
{
    private const string SourceMark = "{source}";

    public static List<ReaderGroup> Make(LoadOptions options, uint run, Peers peers)
    {
        List<ReaderGroup> groups = [];
        if (options.Egress.Length > 0)
        {
            var request = EnvelopeReader.Request(options);
            var shared = options.ShardId.Length > 0;
            for (var i = 0; i < (shared ? Math.Min(options.Readers, 1) : options.Readers); i++)
            {
                var tally = new Tally(shared ? $"shard {options.ShardId}" : $"reader {i}", run, options.Sources, options.Connections, options.Sources);
                groups.Add(new ReaderGroup(
                    tally,
                    [.. Enumerable.Range(i, shared ? options.Readers : 1).Select(r => new EnvelopeReader(
                        peers.Dial(options.Egress[r % options.Egress.Length], options.EgressName), request, options.ReaderRate, tally))],
                    Tail: false));
            }
        }

        if (options.Lines.Length > 0)
        {
            var tally = new Tally("lines", run, options.Sources, options.Connections, options.Sources);
            groups.Add(new ReaderGroup(tally, [new LineListener(IPEndPoint.Parse(options.Lines), options.Outage, options.Warmup, tally)], Tail: false));
        }

        if (options.WebSocket.Length > 0 && !options.WebSocket.Contains(SourceMark, StringComparison.Ordinal))
        {
            var tally = new Tally("firehose", run, options.Sources, options.Connections, options.Sources);
            var address = new Uri(options.WebSocket);
            groups.Add(new ReaderGroup(
                tally,
                [.. Enumerable.Range(0, Math.Max(1, options.Tailers)).Select(_ => new WebSocketReader(address, () => peers.TlsOptions(address.Host), tally))],
                Tail: false));
            return groups;
        }

        for (var first = 0; first < options.Tailers; first += options.Sources)
        {
            var count = Math.Min(options.Tailers - first, options.Sources);
            var tally = new Tally($"tailers {first}-{first + count - 1}", run, options.Sources, options.Connections, count);
            groups.Add(new ReaderGroup(tally, [.. Enumerable.Range(0, count).Select(source => Tailer(options, SourceName.Of(source, run), peers, tally))], Tail: true));
        }

        return groups;
    }

    private static IReader Tailer(LoadOptions options, string source, Peers peers, Tally tally)
    {
        if (options.WebSocket.Length == 0)
        {
            return new SseTailer(Address(options.Sse, source), peers.HttpHandler, tally);
        }

        var address = Address(options.WebSocket, source);
        return new WebSocketReader(address, () => peers.TlsOptions(address.Host), tally);
    }

    private static Uri Address(string template, string source) =>
        template.Contains(SourceMark, StringComparison.Ordinal)
            ? new Uri(template.Replace(SourceMark, source, StringComparison.Ordinal))
            : new Uri($"{template}{(template.Contains('?', StringComparison.Ordinal) ? '&' : '?')}source_id={source}");
}
