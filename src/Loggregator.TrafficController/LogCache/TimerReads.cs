using System.Text;
using Grpc.Core;
using Loggregator.PromQl;
using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.Selectors;
using Loggregator.TrafficController.Metrics;

namespace Loggregator.TrafficController.LogCache;

/// <summary>Timers of the Dopplers' logs as samples: a series per set of tags, at the time of the envelope, the duration in nanoseconds.</summary>
internal sealed class TimerReads(TimeReads reads)
{
    private const int PageSize = 10_000;

    /// <summary>Reads one source's timers.</summary>
    /// <param name="sourceId">Whose.</param>
    /// <param name="selection">Which; its times in milliseconds.</param>
    /// <param name="found">Takes the samples by their labels, in any order.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Dopplers that answered, and Dopplers there are.</returns>
    public async Task<(int Answered, int Known)> ReadAsync(
        string sourceId, SeriesSelection selection, Dictionary<Labels, List<Sample>> found, CancellationToken cancel)
    {
        var (count, texts) = (0, new MetricLabels(new TextCache()));
        var least = (Answered: int.MaxValue, Known: int.MaxValue);
        var order = new TimeOrder
        {
            SourceId = sourceId,
            StartTime = Math.Max(0, selection.MinTime) * 1_000_000,
            EndTime = (Math.Clamp(selection.MaxTime, 0, long.MaxValue / 1_000_000 - 1) + 1) * 1_000_000,
            Limit = PageSize,
            Types_ = { (uint)EnvelopeType.Timer },
            NameFilter = NameFilterOf(selection.Matchers),
        };
        while (order.StartTime < order.EndTime)
        {
            var (answer, fault) = await reads.AskAsync(order, cancel);
            if (answer is null && fault!.Code == StatusCode.ResourceExhausted && order.Limit > 1)
            {
                order.Limit /= 2;
                continue;
            }

            using var page = answer ?? throw (fault!.Code == StatusCode.Unavailable
                ? new MetricsUnavailableException(fault.Message) : new PromQlException(PromQlFault.Execution, fault.Message));
            least = page.Answered < least.Answered ? (page.Answered, page.Known) : least;
            foreach (var record in page.Records)
            {
                if (Take(record, texts, selection.Matchers, found) && ++count > selection.MaxSamples)
                {
                    throw MetricReads.TooMuch();
                }
            }

            if (page.Records.Count < order.Limit)
            {
                break;
            }

            order.StartTime = page.Records[^1].Timestamp + 1; // those of one time are never split
        }

        return least.Known == int.MaxValue ? (0, 0) : least;
    }

    // Sorts out what cannot match, at the Doppler; what can is looked at here.
    private static string NameFilterOf(IEnumerable<LabelMatcher> matchers)
    {
        var name = matchers.FirstOrDefault(matcher => matcher is { Name: Labels.MetricName, Operator: MatchOperator.Equal })?.Value;
        if (name is not { Length: > 0 and < 64 })
        {
            return "";
        }

        var filter = new StringBuilder("^");
        foreach (var letter in name)
        {
            filter.Append(char.IsAsciiLetterOrDigit(letter) ? letter.ToString() : filter.Length == 1 ? "[^A-Za-z]{1,2}" : "[^0-9A-Za-z]{1,2}");
        }

        return filter.Append('$').ToString();
    }

    private static bool Take(in TimedRecord record, MetricLabels texts, IReadOnlyList<LabelMatcher> matchers, Dictionary<Labels, List<Sample>> found)
    {
        var envelope = record.Envelope;
        var timer = EnvelopeReader.Timer(envelope, record.Header);
        texts.Read(envelope, record.Header.SourceId.Of(envelope), record.InstanceId);
        texts.ReadName(MetricNames.OfLabel(timer.Name));
        var labels = Labels.Of(texts.Pairs);
        if (!matchers.All(matcher => matcher.Matches(labels)))
        {
            return false;
        }

        LogCacheReader.Add(found, labels, new Sample(record.Timestamp / 1_000_000, timer.Stop - timer.Start));
        return true;
    }
}
