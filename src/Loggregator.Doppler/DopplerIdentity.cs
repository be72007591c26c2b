using System.Security.Cryptography;

namespace Loggregator.Doppler;

/// <summary>Who this Doppler is: a name to place lanes by, and a number that is new with each start, because positions begin anew.</summary>
internal sealed class DopplerIdentity(DopplerOptions options)
{
    public string Id { get; } = options.Id.Length > 0 ? options.Id : "doppler-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    public ulong Incarnation { get; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    /// <summary>Whether it goes on with the recent history of its former run. Set before anyone connects.</summary>
    public bool Restored { get; set; }

    /// <summary>When it started without what its former run had held, UNIX nanoseconds; 0: that is not known to be so. Set before anyone connects.</summary>
    public long LostBefore { get; set; }
}
