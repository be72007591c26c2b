using Loggregator.Nozzle.Delivery;

namespace Loggregator.Nozzle.Spool;

/// <summary>Settings of one spool.</summary>
internal sealed class SpoolOptions
{
    private const long MinBytes = 1024 * 1024, MaxSegmentBytes = 64 * 1024 * 1024;

    /// <summary>The folder, of this spool alone.</summary>
    public required string Directory { get; init; }

    /// <summary>Bytes of disk that it may use.</summary>
    public long MaxBytes { get; init; } = 8L * 1024 * 1024 * 1024;

    /// <summary>What happens when these are used up.</summary>
    public BufferFull WhenFull { get; init; }

    /// <summary>The least time between two groups of appends that are made durable together. After a pause an append waits for a fifth of it.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Space is given back by whole segments of so many bytes.</summary>
    internal long SegmentBytes => Math.Min(MaxSegmentBytes, MaxBytes / 8);

    /// <summary>The most bytes that are made durable together; more waits.</summary>
    internal int GroupBytes => (int)Math.Min(8 * 1024 * 1024, SegmentBytes);

    /// <summary>All that is wrong, each with its cure; keys are written behind <paramref name="prefix"/>.</summary>
    public IEnumerable<string> Validate(string prefix)
    {
        if (Directory.Length == 0)
        {
            yield return $"{prefix}Directory is empty. Give a folder, for example /var/lib/loggregator/spool/siem.";
        }

        if (MaxBytes < MinBytes)
        {
            yield return $"{prefix}MaxBytes is {MaxBytes}. Give at least {MinBytes} (1 MiB); 8GiB is usual.";
        }

        if (CommitInterval < TimeSpan.Zero || CommitInterval > TimeSpan.FromSeconds(1))
        {
            yield return $"{prefix}CommitInterval is {CommitInterval}. Give 0ms to 1s; 10ms is usual.";
        }
    }
}
