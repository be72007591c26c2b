using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Sinks;

/// <summary>One kind of sink: the schemes of its URLs, and how its options become a way to make it.</summary>
/// <param name="Schemes">In lower case.</param>
/// <param name="Example">A URL to show.</param>
/// <param name="Read">Reads the options; what is wrong goes to the reader's errors. The result makes the sink, and may throw <see cref="SinkException"/>.</param>
internal sealed record SinkKind(string[] Schemes, string Example, Func<SinkUrl, OptionReader, Func<SinkContext, ISink>> Read);
