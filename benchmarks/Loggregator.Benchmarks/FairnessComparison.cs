using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Benchmarks;

/// <summary>
/// Who pays when the agent's buffer overflows: one source sends 100 times as much as each of 200 others, and the reader takes three quarters
/// of what comes, more than all the others together send.
/// </summary>
public static class FairnessComparison
{
    private const int Quiet = 200, Skew = 100, Rounds = 400, BudgetBytes = 4 * 1024 * 1024, CellsOfAnEnvelope = 2 * 256;

    /// <summary>Envelopes lost by the loud source and by all the quiet ones, of how many that each sent.</summary>
    public readonly record struct Losses(long Loud, long LoudSent, long Others, long OthersSent);

    public static Losses OfFairRing()
    {
        var table = new LossTable();
        using var ring = new FairRing(BudgetBytes, lanes: 1, table, seed: 1);
        Feed(
            message =>
            {
                using var writer = ring.BeginWrite();
                var records = new RecordReader(message.Span);
                while (records.MoveNext())
                {
                    RawEnvelope.TryReadHeader(records.Current, out var header);
                    writer.Offer(header.SourceId.Of(records.Current), [], header.Timestamp, [], records.Current, []);
                }
            },
            (destination, most) => ring.Release(ring.Take(lane: 0, destination, int.MaxValue, most).Charge));
        long loud = 0, others = 0;
        foreach (var loss in table.Snapshot())
        {
            if (loss.SourceId.Span.SequenceEqual(Workload.SourceId(0)))
            {
                loud += loss.Total;
            }
            else
            {
                others += loss.Total;
            }
        }

        return Of(loud, others);
    }

    public static Losses OfChannel()
    {
        long loud = 0, others = 0;
        var loudId = Workload.SourceId(0);
        var ring = new ChannelRing(BudgetBytes / CellsOfAnEnvelope, record =>
        {
            if (record.IndexOf(loudId) >= 0)
            {
                loud++;
            }
            else
            {
                others++;
            }
        });
        Feed(ring.Offer, (destination, most) => ring.Take(destination, most));
        return Of(loud, others);
    }

    private static Losses Of(long loud, long others) => new(loud, (long)Skew * Rounds, others, (long)Quiet * Rounds);

    private static void Feed(Action<MessageBuffer> offer, Action<MessageBuffer, int> take)
    {
        int[] round = [.. Enumerable.Repeat(0, Skew), .. Enumerable.Range(1, Quiet)];
        var random = new Random(1);
        var envelopes = Enumerable.Range(0, Quiet + 1).Select(Workload.Envelope).ToArray();
        for (var i = 0; i < Rounds; i++)
        {
            random.Shuffle(round);
            using var message = MessageBuffer.Rent(128 * 1024);
            foreach (var source in round)
            {
                Records.Append(message, envelopes[source]);
            }

            offer(message);
            using var taken = MessageBuffer.Rent(128 * 1024);
            take(taken, round.Length * 3 / 4);
        }
    }
}
