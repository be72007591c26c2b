namespace Loggregator.Nozzle.Delivery;

/// <summary>What a sink says of a batch.</summary>
internal readonly record struct SinkAnswer
{
    private SinkAnswer(string? failure, TimeSpan? retryAfter)
    {
        Failure = failure;
        RetryAfter = retryAfter;
    }

    /// <summary>Every record that is not noted as refused is delivered.</summary>
    public static SinkAnswer Settled => default;

    /// <summary>Why the pending records must be tried again, as a phrase; null when nothing is pending.</summary>
    public string? Failure { get; }

    /// <summary>How long the receiver wants to be left alone.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>What is pending must be tried again.</summary>
    /// <param name="failure">Why, as a phrase without full stop. Secrets in it are struck out by the loop.</param>
    /// <param name="after">How long the receiver wants to be left alone, if it said so.</param>
    public static SinkAnswer Retry(string failure, TimeSpan? after = null) => new(failure, after);
}
