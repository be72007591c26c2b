using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Series;

/// <summary>
/// Series that the store makes itself: the counts and histograms of http timers, and of each source that went over a limit the count of its folded samples.
/// They are sampled when they have changed: requests at most every five seconds, and all when somebody reads. Store's lock.
/// </summary>
internal sealed class DerivedSeries(SeriesAppender appender)
{
    private const long HttpInterval = 5000; // milliseconds
    private readonly List<HttpRequests> _due = [];
    private readonly MessageBuffer _identity = MessageBuffer.Rent(1024);

    /// <summary>Counts a request.</summary>
    /// <param name="set">Of <paramref name="identity"/>, if there is one.</param>
    /// <param name="identity">Source, instance, method and class of status, canonical.</param>
    /// <param name="seconds">How long it took.</param>
    /// <param name="time">When, UNIX milliseconds.</param>
    public void CountRequest(LabelSet? set, ReadOnlySpan<byte> identity, double seconds, long time)
    {
        var requests = set?.Http ?? Begin(set, identity, time);
        if (requests is null)
        {
            return;
        }

        requests.Count(seconds, time);
        if (requests.Sampled == long.MinValue || requests.Seen - requests.Sampled >= HttpInterval)
        {
            Sample(requests);
        }
        else if (!requests.IsDue)
        {
            requests.IsDue = true;
            _due.Add(requests);
        }
    }

    /// <summary>Makes samples of all that has changed.</summary>
    public void Flush()
    {
        foreach (var requests in _due)
        {
            requests.IsDue = false;
            if (appender.Index.Find(requests.Labels.Hash) == requests.Labels)
            {
                Sample(requests);
            }
        }

        _due.Clear();
        foreach (var source in appender.FoldedSources)
        {
            source.FoldedIsDue = false;
            if (appender.Index.FindSource(source.Id) == source)
            {
                _identity.Clear();
                EnvelopeIdentity.Begin(_identity, source.Id, []);
                Append("other"u8, source.Folded, source.FoldedTime, beyondLimits: true);
            }
        }

        appender.FoldedSources.Clear();
    }

    private HttpRequests? Begin(LabelSet? set, ReadOnlySpan<byte> identity, long time)
    {
        var name = HttpRequests.NameOf(0);
        var hash = appender.Index.HashOfName(name);
        var first = set?.Find(name, hash, SeriesKind.Counter) ?? appender.Add(ref set, identity, name, hash, SeriesKind.Counter, time);
        if (first is null)
        {
            appender.Counters.ReceivedCount++; // folded, and counted as that
            return null;
        }

        // What a snapshot brought goes on from there.
        var requests = new HttpRequests(set!);
        for (var i = 0; i < HttpRequests.SeriesCount; i++)
        {
            _identity.Clear();
            HttpRequests.WriteIdentity(_identity, i, identity);
            name = HttpRequests.NameOf(i);
            requests.Series[i] = appender.Index.Find(appender.Index.HashOf(_identity.Span))?.Find(name, appender.Index.HashOfName(name), SeriesKind.Counter);
            requests.Values[i] = requests.Series[i]?.LastValue ?? 0;
        }

        set!.Http = requests;
        return requests;
    }

    private void Sample(HttpRequests requests)
    {
        requests.Sampled = requests.Seen;
        for (var i = 0; i < HttpRequests.SeriesCount; i++)
        {
            if (requests.Series[i] is { IsGone: false, IsDerived: true } series)
            {
                appender.Counters.ReceivedCount++;
                appender.Append(series, requests.Seen, requests.Values[i]);
                continue;
            }

            _identity.Clear();
            HttpRequests.WriteIdentity(_identity, i, requests.Labels.Identity);
            requests.Series[i] = Append(HttpRequests.NameOf(i), requests.Values[i], requests.Seen, beyondLimits: false);
        }
    }

    // To the series of _identity.
    private TimeSeries? Append(ReadOnlySpan<byte> name, double value, long time, bool beyondLimits)
    {
        appender.Counters.ReceivedCount++;
        var hash = appender.Index.HashOfName(name);
        var set = appender.Index.Find(appender.Index.HashOf(_identity.Span));
        var series = set?.Find(name, hash, SeriesKind.Counter)
            ?? appender.Add(ref set, _identity.Span, name, hash, SeriesKind.Counter, time, beyondLimits);
        if (series is not null)
        {
            series.IsDerived = true;
            appender.Append(series, time, value);
        }

        return series;
    }
}
