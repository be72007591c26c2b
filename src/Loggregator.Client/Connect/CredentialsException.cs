namespace Loggregator.Client.Connect;

/// <summary>A certificate, key or CA file cannot be used. The message names the file and the cure.</summary>
public sealed class CredentialsException : Exception
{
    /// <summary>With a message that names the file and the cure.</summary>
    public CredentialsException(string message)
        : base(message)
    {
    }

    /// <summary>With a message that names the file and the cure, and what the platform said.</summary>
    public CredentialsException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
