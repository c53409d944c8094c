"""Tables that people upload: which column is what, rows checked one by one, then written by a job (SPEC CON-6, ACC-6).

What is common to every kind of import. What rows mean, who may import and what is written is said by the app that
has the kind: it names its columns (columns.Table), its job (models.UploadJob) and its work (jobs.Work).
"""
