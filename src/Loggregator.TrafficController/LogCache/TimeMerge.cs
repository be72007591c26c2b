using System.IO.Hashing;

namespace Loggregator.TrafficController.LogCache;

/// <summary>
/// Puts what several Dopplers answered of one source into one order: by timestamp, and by instance where several have envelopes of the same one.
/// An identical copy that another Doppler gave is left out.
/// </summary>
internal static class TimeMerge
{
    /// <summary>The first so many, and what has the same timestamp as the last of them.</summary>
    /// <param name="answers">Each in the order asked for.</param>
    /// <param name="limit">How many.</param>
    /// <param name="descending">The newest come first.</param>
    public static IReadOnlyList<TimedRecord> Merge(IReadOnlyList<IReadOnlyList<TimedRecord>> answers, int limit, bool descending)
    {
        var holders = answers.Where(answer => answer.Count > 0).ToList();
        if (holders.Count <= 1)
        {
            return holders is [var whole] ? whole : []; // as its Doppler has ordered and limited it
        }

        var at = new int[answers.Count];
        List<TimedRecord> merged = [];
        List<(TimedRecord Record, int Giver)> group = [];
        while (merged.Count < limit && Next(answers, at, descending) is { } timestamp)
        {
            group.Clear();
            var givers = 0;
            for (var giver = 0; giver < answers.Count; giver++)
            {
                var before = group.Count;
                while (at[giver] < answers[giver].Count && answers[giver][at[giver]].Timestamp == timestamp)
                {
                    group.Add((answers[giver][at[giver]++], giver));
                }

                givers += group.Count > before ? 1 : 0;
            }

            merged.AddRange(givers == 1 ? group.Select(one => one.Record) : OneOfEach(group, descending));
        }

        return merged;
    }

    private static long? Next(IReadOnlyList<IReadOnlyList<TimedRecord>> answers, int[] at, bool descending)
    {
        long? next = null;
        for (var i = 0; i < at.Length; i++)
        {
            if (at[i] < answers[i].Count)
            {
                var timestamp = answers[i][at[i]].Timestamp;
                next = next is not { } other ? timestamp : descending ? Math.Max(other, timestamp) : Math.Min(other, timestamp);
            }
        }

        return next;
    }

    // Stable within an instance: a Doppler's own order stays.
    private static List<TimedRecord> OneOfEach(List<(TimedRecord Record, int Giver)> group, bool descending)
    {
        var seen = new Dictionary<UInt128, int>();
        List<TimedRecord> kept = [];
        foreach (var (record, giver) in group)
        {
            if (seen.TryAdd(XxHash128.HashToUInt128(record.Envelope), giver) || seen[XxHash128.HashToUInt128(record.Envelope)] == giver)
            {
                kept.Add(record);
            }
        }

        var byInstance = Comparer<TimedRecord>.Create((left, right) => left.InstanceId.SequenceCompareTo(right.InstanceId));
        return [.. descending ? kept.OrderByDescending(record => record, byInstance) : kept.OrderBy(record => record, byInstance)];
    }
}
