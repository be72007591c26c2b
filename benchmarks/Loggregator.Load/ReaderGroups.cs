using Loggregator.Load.Accounting;
using Loggregator.Load.Receiving;
using Loggregator.Load.Wire;

namespace Loggregator.Load;

/// <summary>Makes the readers that the options ask for, grouped by what they share.</summary>
internal static class ReaderGroups
{
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
                    []));
            }
        }

        for (var first = 0; first < options.Tailers; first += options.Sources)
        {
            var count = Math.Min(options.Tailers - first, options.Sources);
            var tally = new Tally($"tailers {first}-{first + count - 1}", run, options.Sources, options.Connections, count);
            groups.Add(new ReaderGroup(
                tally,
                [],
                [.. Enumerable.Range(0, count).Select(source => new SseTailer(Address(options.Sse, SourceName.Of(source, run)), peers.HttpHandler, tally))]));
        }

        return groups;
    }

    private static Uri Address(string template, string source) =>
        template.Contains("{source}", StringComparison.Ordinal)
            ? new Uri(template.Replace("{source}", source, StringComparison.Ordinal))
            : new Uri($"{template}{(template.Contains('?', StringComparison.Ordinal) ? '&' : '?')}source_id={source}");
}
