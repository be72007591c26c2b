namespace Loggregator.Doppler.Ingest;

/// <summary>
/// How far apart agents shall keep their batches: 0 in general; up to 20 ms while many links send many tiny batches, where each message
/// costs more than what it carries. Looked at once a second by whichever stream comes first. Any thread.
/// </summary>
internal sealed class IngestPace(TimeProvider time, DopplerCounters counters)
{
    private const int TinyBytes = 8 * 1024; // a batch below this is dear
    private const int ManyBatches = 2_000, FewBatches = 500; // a second: above it begins, below it ends
    private const int GoodBatches = 4_000; // a second, to come down to
    private const int MaxMicros = 20_000;
    private readonly Lock _gate = new();
    private long _since = time.GetTimestamp();
    private long _batches;
    private long _bytes;
    private int _gap;

    public uint GapMicros => (uint)Volatile.Read(ref _gap);

    /// <summary>The least time between two answers on one link.</summary>
    public TimeSpan AnswerInterval => TimeSpan.FromMilliseconds(Volatile.Read(ref _gap) > 0 ? 50 : 10);

    public void Look()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _since)) < TimeSpan.FromSeconds(1) || !_gate.TryEnter())
        {
            return;
        }

        try
        {
            var seconds = time.GetElapsedTime(_since).TotalSeconds;
            if (seconds < 1)
            {
                return;
            }

            var batches = Interlocked.Read(ref counters.Batches);
            var bytes = Interlocked.Read(ref counters.ReceivedBytes);
            var rate = (batches - _batches) / seconds;
            var size = (bytes - _bytes) / Math.Max(1.0, batches - _batches);
            var wanted = (int)Math.Min(MaxMicros, Interlocked.Read(ref counters.IngressStreams) * 1_000_000L / GoodBatches);
            if (rate > ManyBatches && size < TinyBytes)
            {
                Volatile.Write(ref _gap, wanted);
            }
            else if (rate < FewBatches || size >= TinyBytes)
            {
                Volatile.Write(ref _gap, 0);
            }

            (_batches, _bytes) = (batches, bytes);
            Volatile.Write(ref _since, time.GetTimestamp());
        }
        finally
        {
            _gate.Exit();
        }
    }
}
