namespace Loggregator.PromQl;

/// <summary>A query that cannot be answered; the message is what Prometheus says of the same fault and is fit for its user.</summary>
public sealed class PromQlException : Exception
{
    /// <summary>A fault of the given kind.</summary>
    public PromQlException(PromQlFault fault, string message)
        : base(message) => Fault = fault;

    /// <summary>What went wrong, so that a caller can choose its status.</summary>
    public PromQlFault Fault { get; }
}
