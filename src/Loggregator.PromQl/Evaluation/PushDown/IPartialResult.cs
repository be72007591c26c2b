namespace Loggregator.PromQl.Evaluation.PushDown;

/// <summary>What an aggregation has come to so far. One thread.</summary>
internal interface IPartialResult
{
    /// <summary>For another to go on from.</summary>
    List<PartialGroup> Groups { get; }

    /// <summary>Takes more of what is aggregated; the caller disposes of it.</summary>
    void Add(StepMatrix input);

    /// <summary>Takes what was come to elsewhere.</summary>
    void Merge(IReadOnlyList<PartialGroup> groups);

    /// <summary>The aggregation's value; what has been added is gone with it.</summary>
    StepMatrix ToMatrix();
}
