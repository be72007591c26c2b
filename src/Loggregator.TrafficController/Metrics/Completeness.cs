namespace Loggregator.TrafficController.Metrics;

/// <summary>Of how many Dopplers an answer is.</summary>
/// <param name="Answered">Those that answered.</param>
/// <param name="Lacking">Of these, those that came back without what they had held within the time asked for.</param>
/// <param name="Known">Those there are.</param>
internal readonly record struct Completeness(int Answered, int Lacking, int Known)
{
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
