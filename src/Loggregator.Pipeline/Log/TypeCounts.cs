using System.Runtime.CompilerServices;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Pipeline.Log;

/// <summary>A count per <see cref="EnvelopeType"/>.</summary>
[InlineArray((int)EnvelopeType.Event + 1)]
public struct TypeCounts
{
    /// <summary>The number of types.</summary>
    public const int Length = (int)EnvelopeType.Event + 1;

    private long _first;
}
