using Loggregator.Client.Connect;

namespace Loggregator.Client;

/// <summary>Where an <see cref="Emitter"/> sends to, in whose name, and how it buffers. Read once, when the emitter is made.</summary>
public sealed class EmitterOptions
{
    /// <summary>The agent, <c>host:port</c>: ours, or any that serves <c>loggregator.v2.Ingress</c>.</summary>
    public string Agent { get; set; } = "127.0.0.1:3458";

    /// <summary>Certificates for mTLS; null: plaintext.</summary>
    public ClientTls? Tls { get; set; }

    /// <summary>Whose envelopes these are, for example an app's GUID.</summary>
    public string SourceId { get; set; } = "";

    /// <summary>Which instance of it.</summary>
    public string InstanceId { get; set; } = "";

    /// <summary>Tags of every envelope that the emitter builds.</summary>
    public IDictionary<string, string> Tags { get; } = new Dictionary<string, string>();

    /// <summary>What happens to an envelope for which there is no room.</summary>
    public WhenFull WhenFull { get; set; }

    /// <summary>Bytes of envelopes that may wait or be under way.</summary>
    public long CapacityBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Envelopes that may wait or be under way.</summary>
    public int CapacityEnvelopes { get; set; } = 100_000;

    /// <summary>Larger envelopes are not taken. Agents refuse messages above 10 MiB.</summary>
    public int MaxEnvelopeBytes { get; set; } = 1024 * 1024;

    /// <summary>Longer logs are cut into several envelopes.</summary>
    public int MaxLogBytes { get; set; } = 60 * 1024;

    /// <summary>Most envelopes of one call.</summary>
    public int BatchEnvelopes { get; set; } = 1000;

    /// <summary>Most bytes of one call, unless a single envelope is larger.</summary>
    public int BatchBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// How long a batch may wait for more. With 0 the first envelope is sent at once and the next batch is whatever came until the agent has answered:
    /// the busier, the larger.
    /// </summary>
    public TimeSpan BatchDelay { get; set; }

    /// <summary>How long one batch is tried again while the agent cannot be reached; by default for as long as the queue holds it.</summary>
    public TimeSpan RetryFor { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long <see cref="Emitter.DisposeAsync"/> may take to send what is held.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Hears of losses, merged by reason, about a second after the first and when the emitter is closed. One call at a time, from another thread;
    /// what it throws is ignored.
    /// </summary>
    public Action<EmitLoss>? OnLoss { get; set; }

    /// <summary>
    /// Whether losses are told in band too, as soon as the agent is reached: a counter <c>dropped</c> of the source that lost, with the tags
    /// <c>hop</c> (<c>client</c>) and <c>reason</c>, which an agent of ours renames to <c>producer_hop</c> and <c>producer_reason</c>.
    /// </summary>
    public bool TellLosses { get; set; } = true;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <exception cref="ArgumentException">A setting is of no use; the message names it and the cure.</exception>
    internal EmitterOptions Check()
    {
        Demand(HostAndPort.TryParse(Agent, out _), nameof(Agent), $"is '{Agent}': give host:port, for example 127.0.0.1:3458");
        Demand(SourceId is not null, nameof(SourceId), "is null: give a text, which may be empty");
        Demand(InstanceId is not null, nameof(InstanceId), "is null: give a text, which may be empty");
        Demand(Tags.All(tag => tag.Value is not null), nameof(Tags), "has a tag without value: give a text, which may be empty");
        Demand(Enum.IsDefined(WhenFull), nameof(WhenFull), "is none of the policies");
        Demand(CapacityBytes > 0, nameof(CapacityBytes), "must be positive");
        Demand(CapacityEnvelopes > 0, nameof(CapacityEnvelopes), "must be positive");
        Demand(MaxEnvelopeBytes is > 0 and <= 8 * 1024 * 1024, nameof(MaxEnvelopeBytes), "must be positive and at most 8 MiB");
        Demand(MaxLogBytes is >= 16 and <= 4 * 1024 * 1024, nameof(MaxLogBytes), "must be from 16 to 4 MiB");
        Demand(BatchEnvelopes > 0, nameof(BatchEnvelopes), "must be positive");
        Demand(BatchBytes is > 0 and <= 8 * 1024 * 1024, nameof(BatchBytes), "must be positive and at most 8 MiB");
        Demand(BatchDelay >= TimeSpan.Zero && BatchDelay <= TimeSpan.FromMinutes(1), nameof(BatchDelay), "must be from 0 to a minute");
        Demand(RetryFor >= TimeSpan.Zero || RetryFor == Timeout.InfiniteTimeSpan, nameof(RetryFor), "must not be negative");
        Demand(CloseTimeout >= TimeSpan.Zero && CloseTimeout <= TimeSpan.FromDays(1), nameof(CloseTimeout), "must be from 0 to a day");
        Demand(Clock is not null, nameof(Clock), "is null");
        return this;
    }

    private static void Demand(bool holds, string name, string otherwise)
    {
        if (!holds)
        {
            throw new ArgumentException($"EmitterOptions.{name} {otherwise}.", name);
        }
    }
}
