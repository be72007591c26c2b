namespace Loggregator.Doppler.Ingest;

/// <summary>
/// Which batch numbers of one (agent, epoch, lane) are in the log: the highest, and the last <see cref="Window"/> ones apart. What is older
/// than the window counts as held. Its gate covers the append, so that a number is either held whole or not at all.
/// </summary>
internal sealed class IngestLane
{
    private const int Window = 4096; // batches, a multiple of 64
    private readonly ulong[] _held = new ulong[Window / 64];
    private ulong _highest;

    public Lock Gate { get; } = new();

    public ulong Duplicates { get; set; }

    public bool Holds(ulong n) =>
        n <= _highest && (_highest - n >= Window || (_held[n / 64 % (Window / 64)] & (1UL << (int)(n % 64))) != 0);

    public void Hold(ulong n)
    {
        if (n > _highest)
        {
            if (n - _highest >= Window)
            {
                Array.Clear(_held);
            }
            else
            {
                for (var skipped = _highest + 1; skipped <= n; skipped++)
                {
                    _held[skipped / 64 % (Window / 64)] &= ~(1UL << (int)(skipped % 64));
                }
            }

            _highest = n;
        }

        _held[n / 64 % (Window / 64)] |= 1UL << (int)(n % 64);
    }
}
