namespace Loggregator.Pipeline.Log;

/// <summary>Where a subscription begins to read.</summary>
public enum SubscriptionStart
{
    /// <summary>At the head.</summary>
    Now,

    /// <summary>At the so manieth last matching envelope.</summary>
    Last,

    /// <summary>With what is held and has a timestamp at or after a time.</summary>
    Since,

    /// <summary>At a position.</summary>
    After,
}
