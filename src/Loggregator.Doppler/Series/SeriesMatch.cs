using Loggregator.Pipeline.Series;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Selectors;

namespace Loggregator.Doppler.Series;

/// <summary>Finds the series that PromQL's matchers mean. One thread.</summary>
/// <param name="matchers">All of them must match.</param>
/// <param name="metricNames">Names are as Prometheus writes them, see <see cref="MetricNames"/>; else as they were sent.</param>
internal sealed class SeriesMatch(IReadOnlyList<LabelMatcher> matchers, bool metricNames)
{
    private readonly Dictionary<byte[], bool> _names = []; // by reference: a name is one array
    private readonly List<(LabelMatcher Matcher, byte[] Label)> _others =
        [.. matchers.Where(matcher => matcher.Name != Labels.MetricName).Select(matcher => (matcher, System.Text.Encoding.UTF8.GetBytes(matcher.Name)))];

    /// <summary>Texts of labels that have been looked at.</summary>
    public TextCache Texts { get; } = new();

    /// <summary>What to read.</summary>
    /// <param name="sourceIds">Of these sources alone; none: of all.</param>
    /// <param name="allows">Of these identities alone.</param>
    public SeriesQuery Query(IReadOnlyCollection<string> sourceIds, Func<byte[], bool>? allows = null)
    {
        IEnumerable<string>? sources = sourceIds.Count > 0 ? sourceIds : null;
        foreach (var literals in matchers.Where(matcher => matcher.Name == MetricLabels.SourceId).Select(matcher => matcher.Literals).OfType<IEnumerable<string>>())
        {
            sources = sources is null ? literals : sources.Intersect(literals);
        }

        return new SeriesQuery
        {
            SourceIds = sources?.ToArray(),
            Names = HasName,
            Identities = identity => Matches(identity) && allows?.Invoke(identity) != false,
        };
    }

    private bool HasName(byte[] name)
    {
        if (!_names.TryGetValue(name, out var has))
        {
            var text = Texts.Of(metricNames && !MetricNames.IsMetric(name) ? MetricNames.OfMetric(name) : name);
            _names.Add(name, has = matchers.All(matcher => matcher.Name != Labels.MetricName || matcher.Matches(text)));
        }

        return has;
    }

    private bool Matches(byte[] identity)
    {
        RawEnvelope.TryReadHeader(identity, out var header);
        foreach (var (matcher, label) in _others)
        {
            ReadOnlySpan<byte> value = default;
            switch (matcher.Name)
            {
                case MetricLabels.SourceId:
                    value = header.SourceId.Of(identity);
                    break;
                case MetricLabels.InstanceId:
                    value = header.InstanceId.Of(identity);
                    break;
                default:
                    _ = metricNames ? MetricNames.TryGetTag(identity, label, out value) : EnvelopeReader.TryGetTag(identity, label, out value);
                    break;
            }

            if (!matcher.Matches(Texts.Of(value)))
            {
                return false;
            }
        }

        return true;
    }
}
