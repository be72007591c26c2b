using Loggregator.TestKit.Sinks;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>The receiver of a sink under test, which can be broken and repaired.</summary>
public abstract class SinkPeer : IAsyncDisposable
{
    /// <summary>What the sink is made of.</summary>
    public abstract string Url { get; }

    /// <summary>More options.</summary>
    public virtual (string, string)[] Keys => [];

    /// <summary>Where the sink may write to instead of standard output.</summary>
    public virtual Stream StandardOutput => Stream.Null;

    /// <summary>Everything received up to now, in the order of arrival in each source.</summary>
    public abstract IReadOnlyList<NumberedLog> Received();

    /// <summary>From now on nothing is accepted.</summary>
    public abstract Task BreakAsync();

    /// <summary>As before.</summary>
    public abstract Task RepairAsync();

    /// <summary>From now on it accepts and never answers, or reads no more; false when this receiver cannot be so.</summary>
    public virtual bool Stall() => false;

    /// <summary>Ends the stall.</summary>
    public virtual void Resume()
    {
    }

    /// <summary>A record that this kind of sink refuses, or null when it takes everything.</summary>
    public virtual byte[]? Poison => null;

    /// <summary>The same URL with a password and a secret, or null when this kind has no place for it.</summary>
    public virtual string? UrlWithSecrets(string user, string password) => null;

    public abstract ValueTask DisposeAsync();
}
