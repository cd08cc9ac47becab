namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>For tests that measure the whole process.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
