using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Metrics;

/// <summary>Of how many Dopplers an answer is.</summary>
/// <param name="Answered">Those that answered.</param>
/// <param name="Lacking">Of these, those that came back without what they had held within the time asked for.</param>
/// <param name="Known">Those there are.</param>
internal readonly record struct Completeness(int Answered, int Lacking, int Known)
{
    /// <summary>Of an answer that so many gave of those there are, about a time that begins at <paramref name="start"/> in milliseconds.</summary>
    public static Completeness Of(DopplerNode[] nodes, int answered, long start) =>
        new(answered, nodes.Count(node => node.LostBefore is > 0 and var since && since / 1_000_000 > start), nodes.Length);

    /// <summary>What a user is told where something may be missing.</summary>
    public IEnumerable<string> Warnings()
    {
        if (Answered < Known)
        {
            yield return $"partial result: {Answered} of {Known} Dopplers answered";
        }

        if (Lacking > 0)
        {
            yield return $"partial result: {Lacking} of {Known} Dopplers came back without what they had held within this time";
        }
    }
}
