using Loggregator.Load.Accounting;
using Loggregator.Load.Receiving;

namespace Loggregator.Load;

/// <summary>Readers that share one tally.</summary>
/// <param name="Tally">What they got together.</param>
/// <param name="Readers">gRPC readers of the group.</param>
/// <param name="Tailers">SSE tailers of the group.</param>
internal sealed record ReaderGroup(Tally Tally, IReadOnlyList<EnvelopeReader> Readers, IReadOnlyList<SseTailer> Tailers)
{
    public int Count => Readers.Count + Tailers.Count;

    public long Breaks => Readers.Sum(r => r.Breaks) + Tailers.Sum(t => t.Breaks);

    public string LastError => Readers.Select(r => r.LastError).Concat(Tailers.Select(t => t.LastError)).FirstOrDefault(e => e.Length > 0, "");

    /// <summary>Tailers see one source each, so each source must come through; a gRPC reader that sees one sees all.</summary>
    public bool Ready => Tally.Probed >= (Tailers.Count > 0 ? Tally.Expected : 1);

    public IEnumerable<Task> Run(CancellationToken cancel) => Readers.Select(r => r.RunAsync(cancel)).Concat(Tailers.Select(t => t.RunAsync(cancel)));
}
