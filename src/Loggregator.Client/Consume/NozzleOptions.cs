using System.Text;
using Loggregator.Client.Connect;

namespace Loggregator.Client;

/// <summary>Where a <see cref="NozzleConsumer"/> reads from, and as whom. Read once, when the consumer is made.</summary>
public sealed class NozzleOptions
{
    private const int MaxMemberBytes = 256;

    /// <summary>All Dopplers, each <c>host:port</c>; a name stands for all of its addresses and is looked up again every few seconds.</summary>
    public IReadOnlyList<string> Dopplers { get; set; } = ["127.0.0.1:8082"];

    /// <summary>Certificates for mTLS; null: plaintext.</summary>
    public ClientTls? Tls { get; set; }

    /// <summary>
    /// This member's name, at most 256 bytes. Of two members of one name the later takes the place of the earlier, so it must be one's own; a name that
    /// outlives restarts gives a member the same sources again.
    /// </summary>
    public string Member { get; set; } = $"{Environment.MachineName}/{Guid.NewGuid():N}";

    /// <summary>
    /// Bytes of envelopes of each Doppler that may be unacknowledged, up to 64 MiB; a Doppler sends nothing more until something is acknowledged.
    /// </summary>
    public long WindowBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// How long <see cref="NozzleConsumer.ReadAllAsync"/> tries to join the group at a first Doppler before it fails; infinite: for ever. Once it was
    /// joined anywhere it is tried for ever.
    /// </summary>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long <see cref="NozzleConsumer.DisposeAsync"/> waits for the Dopplers to take note of what was acknowledged.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <exception cref="ArgumentException">A setting is of no use; the message names it and the cure.</exception>
    internal NozzleOptions Check()
    {
        Demand(Dopplers is { Count: > 0 }, nameof(Dopplers), "names none: give host:port of each, or a name that stands for all");
        foreach (var doppler in Dopplers!)
        {
            Demand(HostAndPort.TryParse(doppler, out _), nameof(Dopplers), $"holds '{doppler}': give host:port, for example doppler.internal:8082");
        }

        Demand(Member is { Length: > 0 } && Encoding.UTF8.GetByteCount(Member) <= MaxMemberBytes, nameof(Member), $"must have 1 to {MaxMemberBytes} bytes");
        Demand(WindowBytes is > 0 and <= 64 * 1024 * 1024, nameof(WindowBytes), "must be positive and at most 64 MiB");
        Demand(JoinTimeout > TimeSpan.Zero || JoinTimeout == Timeout.InfiniteTimeSpan, nameof(JoinTimeout), "must be positive, or infinite");
        Demand(CloseTimeout >= TimeSpan.Zero && CloseTimeout <= TimeSpan.FromDays(1), nameof(CloseTimeout), "must be from 0 to a day");
        Demand(Clock is not null, nameof(Clock), "is null");
        return this;
    }

    private static void Demand(bool holds, string name, string otherwise)
    {
        if (!holds)
        {
            throw new ArgumentException($"NozzleOptions.{name} {otherwise}.", name);
        }
    }
}
