namespace Loggregator.Client.Consume;

/// <summary>The Traffic Controller refused the request for good: trying again would not help.</summary>
public sealed class StreamRefusedException : Exception
{
    /// <summary>With the server's words.</summary>
    public StreamRefusedException(string message)
        : base(message)
    {
    }
}
